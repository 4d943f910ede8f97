"""What the page shows of a table's model beside a network: its members, and its columns' cells."""
