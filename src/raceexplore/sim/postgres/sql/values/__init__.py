"""Expressions of SQL: types, operators, functions, and what names mean."""
