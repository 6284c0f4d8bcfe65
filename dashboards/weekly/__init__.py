"""The weekly report as files: HTML, PDF, XLSX and CSV of one `analytics.weekly.Week`.

told.py says it in sentences, grids.py in tables, drawn.py in charts; page.py, pdf.py, workbook.py
and places.py make files of them. Text from reports is text in each: escaped, never run.
"""
