"""How nodes tell each other what has changed, behind the interface that core owns."""
