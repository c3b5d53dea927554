"""How migrations add triggers, at a fraction of the time."""

from __future__ import annotations

from django.db.migrations.state import ProjectState
from pgtrigger import migrations


class AddTrigger(migrations.AddTrigger):
    """Add a trigger without rendering models again.

    pgtrigger renders the model and its relations for each trigger, a good part of the time to
    migrate an empty database. Rendered models need no triggers: the next migration is detected by
    the options in the state, which are saved.
    """

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        options = state.models[app_label, self.model_name].options
        options["triggers"] = [*options.get("triggers", []), self.trigger]
