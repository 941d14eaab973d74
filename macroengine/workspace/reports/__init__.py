"""Reports for people: what was found in each template, as a page, a workbook, a table or Markdown."""
