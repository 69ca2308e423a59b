"""Pages for shoppers: kiosk and phone. Each is a GET, and works without JavaScript."""
