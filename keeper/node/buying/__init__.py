"""What a buyer of either class needs: orders, money, and its own work until its end."""
