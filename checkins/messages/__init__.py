"""What people are told of the weekly rhythm and of escalations, worded when it is sent."""
