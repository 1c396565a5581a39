# Segments in order, repeated, overlapping, swapped.

case in order, nothing is held
new 1000
> 1000 "GET / "
= data "GET / " 1 1
> 1006 "HTTP"
= data "HTTP" 2 2
= stats 10 0 0

case a reader that waits is shown all again
new 1000
reader 0 0 0
> 1000 "ab"
= data "ab" 1 1
> 1002 "cd"
= data "abcd" 1 2
> 1004 "ef"
= data "abcdef" 1 3
reader 3 0 0
> 1006 "gh"
= data "abcdefgh" 1 4
= data "defgh" 2 4
= data "gh" 4 4

case what was consumed is gone, and who brought the rest is known
new 1000
reader 0 0 0
> 1000 "aaaa"
= data "aaaa"
> 1004 "bbbb"
= data "aaaabbbb" 1 2
reader 5 0 100
> 1008 "cc"
= data "aaaabbbbcc" 1 3
reader all 0 0
> 1010 "dd"
resume
= data "bbbccdd" 2 5

case a reader that wants more is not called before it is there
new 1000
reader 0 0 5
> 1000 "ab"
= data "ab"
> 1002 "cd"
reader all 0 0
> 1004 "e"
= data "abcde" 1 3

case repeated segments and keep-alives bring nothing
new 1000
> 1000 "hello"
= data "hello"
> 1000 "hello"
> 1002 "ll"
= stats 5 0 2
> 1004 "o"
> 999 ""
= stats 5 0 2

case the bytes that came first stay
new 1000
> 1000 "abc"
= data "abc"
> 1001 "XXde"
= data "de"
> 1007 "hi"
> 1004 "XfgXXj"
= data "fg"
= data "hi"
= data "j"
= stats 10 0 0

case swapped segments
new 1000
> 1003 "def" 
> 1000 "abc"
= data "abc" 2 2
= data "def" 1 2

case swapped segments to a reader that waits
new 1000
reader 0 0 0
> 1003 "def" 
> 1000 "abc"
= data "abc" 2 2
= data "abcdef" 2 2
reader 3 0 0
> 1006 "g"
= data "abcdefg" 2 3
= data "defg" 1 3
= data "g" 3 3

case three out of order, with overlaps
new 1000
> 1008 "ij"
> 1002 "cdef"
> 1004 "EFGHIJKL"
> 1010 "kl"
> 1000 "ab"
= data "ab"
= data "cdef"
= data "GH"
= data "ij"
= data "KL"
= stats 12 0 1

case sequence numbers wrap
new 4294967294
> 0 "cd"
> 4294967294 "ab"
= data "ab"
= data "cd"
> 2 "ef"
= data "ef"
> 4294967295 "b"
= stats 6 0 1

case data in a SYN
new 1000
> 999 "fast" syn
= data "fast"
> 1004 "er"
= data "er"

case far away is something else
new 1000
> 2000001000 "x"
> 3000001000 "x"
> 1000 "a"
= data "a"
fin
= stats 1 0 0
