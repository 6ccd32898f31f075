"""What is asked for beside loans: reading, readers from outside, figures, deals, complaints."""
