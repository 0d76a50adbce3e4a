"""What the commands of a buyer share, whatever the class of the work."""
