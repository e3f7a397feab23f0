"""What targets did, decoded, compared, and told in the words of the page heap."""
