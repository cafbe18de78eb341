"""Pictures of clips and videos: decoding with exact frame numbers and times, under limits."""
