"""Which release answers whom: decided anew for each turn from the turn alone, alike in every replica."""
