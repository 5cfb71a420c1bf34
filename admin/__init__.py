"""The commands of `python app.py` for administrators, in plain English. Exit status 0 when all is well."""
