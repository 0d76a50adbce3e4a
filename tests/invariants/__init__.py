"""What holds over every order of steps: a state machine over the four programs."""
