"""How migrations add triggers, at a fraction of the time."""

from __future__ import annotations

from django.db.migrations.state import ProjectState
from pgtrigger import migrations


class AddTrigger(migrations.AddTrigger):
    """Adds a trigger and leaves the rendered models as they are.

    pgtrigger renders the model and its neighbours anew for each trigger, a good part of the time
    that an empty database takes to migrate. Nothing asks a rendered model for its triggers: the next
    migration is found by the options in the state, and those are kept.
    """

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        options = state.models[app_label, self.model_name].options
        options["triggers"] = [*options.get("triggers", []), self.trigger]
