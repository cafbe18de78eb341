from mien.analysis.result import Event, FrameRow, RegionMotion, VideoAnalysis


def test_lost_share_counts_frames_without_a_face():
    rows = tuple(FrameRow(i, i / 30, 0 if i else -1, 1.0, bool(i), "" if i else "no face") for i in range(4))
    found = VideoAnalysis("a.mp4", {}, rows, (), {}, {}, {}, {})
    assert found.lost_share == 0.25


def test_the_size_of_a_motion_and_the_length_of_an_event():
    assert RegionMotion("brow", 3.0, 4.0).size_px == 5.0
    assert Event(1, "micro", 4.0, 0, 3, 6, 0.0, 0.1, 0.25).duration_s == 0.25
