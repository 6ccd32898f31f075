"""What is kept: tables and one query module for each noun. Plain functions, no await."""
