raise ImportError("No module named 'some_sdk'")
