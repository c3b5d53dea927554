from tests.engagements.conftest import engagement, lead

__all__ = ["engagement", "lead"]
