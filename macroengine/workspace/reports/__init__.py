"""Reports for people: the findings for each template, as a page, a workbook, a table or Markdown."""
