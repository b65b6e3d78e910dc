"""The analyst's report and the daily sheet: labelled records in, one self-contained page (and a workbook) out."""
