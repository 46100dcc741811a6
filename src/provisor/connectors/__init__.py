"""One module or folder per protocol or vendor; each knows `provisor.connector` and the nouns, nothing else of ours."""
