from django.db import migrations

CYCLE = ("id", "starts_on", "ends_on")
ENGAGEMENT = (
    *("id", "time_zone", "cadence", "due_weekday", "due_time", "opens_days_before"),
    "rhythm_since",
)
KEY_RESULT = (
    *("id", "stage", "method", "direction", "baseline", "target", "ladder", "starts_on", "due_on"),
    *("commitment", "committed_at", "score", "confidence", "measured_on", "last_period", "trail"),
    "evidence_url",
)


def judge_forecasts(apps, schema_editor):
    """Judge each key result by its latest check-in (M9.2); drafts start with their commit (M5.11).

    Rows are read by column and rebuilt in memory, because later columns do not exist yet.
    """
    from engagements.models import Engagement
    from metrics.models import Metric
    from okrs.models import Cycle, KeyResult, Objective
    from okrs.states import early_until, is_finished, judge, silent_from, stage_for

    table = apps.get_model("okrs", "KeyResult")._base_manager.using(schema_editor.connection.alias)
    table.filter(stage="draft").update(starts_on=None)
    prefixes = {"objective__cycle__": CYCLE, "engagement__": ENGAGEMENT}
    joined = [f"{prefix}{name}" for prefix, names in prefixes.items() for name in names]
    for row in table.exclude(stage="draft").values(*KEY_RESULT, *joined, "metric__unit"):
        cycle = Cycle(**{name: row[f"objective__cycle__{name}"] for name in CYCLE})
        engagement = Engagement(**{name: row[f"engagement__{name}"] for name in ENGAGEMENT})
        key_result = KeyResult(
            **{name: row[name] for name in KEY_RESULT},
            engagement=engagement,
            objective=Objective(cycle=cycle),
            metric=Metric(unit=row["metric__unit"] or ""),
        )
        key_result.on_pace = judge(
            key_result,
            score=key_result.score,
            confidence=key_result.confidence,
            day=key_result.measured_on,
        )
        key_result.is_finished = is_finished(key_result)
        table.filter(pk=key_result.pk).update(
            stage=stage_for(key_result.stage, on_pace=key_result.on_pace),
            on_pace=key_result.on_pace,
            is_finished=key_result.is_finished,
            silent_from=silent_from(key_result),
            early_until=early_until(key_result),
        )


class Migration(migrations.Migration):
    dependencies = [
        ("checkins", "0003_prompt_answer"),
        ("okrs", "0006_forecast"),
    ]

    operations = [migrations.RunPython(judge_forecasts, migrations.RunPython.noop)]
