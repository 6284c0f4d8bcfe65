"""The frame around every screen: who looks, what is chosen, where links lead, how it looks."""
