-- difficulty error: nothing to call
target = 5
