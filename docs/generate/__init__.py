"""Makes the source of the site: pages of `docs`, texts of the project, and what the code says.

A page in `docs` may hold lines that stand for text from elsewhere, so that each text has one home::

    <!-- from: MAPCHETE.md -->                  the whole file without its title
    <!-- from: CONTRIBUTING.md # Glossary -->   one section of it without its heading
    <!-- made: keys -->                         a table that is made of the code
"""
