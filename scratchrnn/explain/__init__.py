"""What a trained recurrent network looks at."""
