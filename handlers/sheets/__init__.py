"""Tables in and out: spreadsheets that are imported, workbooks, prints and pictures."""
