"""From the program to the module's text. The only folder that knows Jinja2 and Black."""
