"""Judges a receipt again: was the slash that it records right?"""
