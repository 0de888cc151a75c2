"""What is known about customers, computed: pure functions over columns of numbers, each with its formula."""
