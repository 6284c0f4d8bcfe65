"""The weekly report as files: HTML, PDF, XLSX and CSV of one `analytics.weekly.Week`.

sentences.py, tables.py and svg_charts.py make its content; html.py, pdf.py, xlsx.py and files.py
write it. Text from reports is escaped in each format and never runs.
"""
