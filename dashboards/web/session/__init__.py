"""One visitor: login, filters, navigation, messages, and the questions asked."""
