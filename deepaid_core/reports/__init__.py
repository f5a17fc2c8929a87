"""Write-ups of findings."""
