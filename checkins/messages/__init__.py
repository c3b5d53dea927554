"""The wording of notices about check-ins and escalations."""
