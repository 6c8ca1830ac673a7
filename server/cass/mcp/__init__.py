"""Other people's servers of the Model Context Protocol: their tools, resources and prompts as ours."""
