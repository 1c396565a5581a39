# Bytes that never come.

case acknowledged, and a second passed
new 1000
> 1000 "ab"
= data "ab"
> 1012 "mn"
! 1014
+ 500
! 1014
+ 600
! 1014
= gap 10
= data "mn" 2 5
= stats 4 10 0

case an acknowledgement before its data is no gap
new 1000
! 1004
+ 2
> 1000 "abcd"
= data "abcd"
+ 5000
! 1004
fin

case acknowledged, and 32 segments came
new 1000
> 1001 "b"
! 1003
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
> 1001 "b"
= gap 1
= data "b"
= stats 1 1 32

case not acknowledged, so it is waited for
new 1000
> 1012 "mn"
+ 100000
! 1000
> 1014 "op"
+ 100000
> 1000 "abcdefghijkl"
= data "abcdefghijkl"
= data "mn"
= data "op"

case the whole flight is missing
new 1000
! 1500
+ 1500
> 1500 "later"
= gap 500
= data "later"

case nothing comes behind it
new 1000
> 1000 "ab"
= data "ab"
! 1500
+ 1500
! 1500
= gap 498

case the acknowledgement of a FIN is no gap
new 1000
> 1000 "ab"
= data "ab"
! 1003
+ 5000
! 1003
fin
= stats 2 0 0

case the end shows what waits
new 1000
> 1002 "cd"
> 1008 "ij"
fin
= gap 2
= data "cd"
= gap 4
= data "ij"
= stats 4 6 0

case the end shows what was acknowledged
new 1000
! 1200
fin
= gap 200

case the end shows what the reader wanted more of
new 1000
reader 0 0 100
> 1000 "ab"
= data "ab"
> 1002 "cd"
fin
= data "abcd" 1 3

case a gap drops what was held
new 1000
reader 0 0 0
> 1000 "ab"
= data "ab"
> 1012 "mn"
fin
= gap 10
= data "mn"

case the capture cut the segment
new 1000
> 1000 "head" cut 96
= data "head"
= gap 96
> 1100 "next"
= data "next"
> 1000 "head" cut 96
= stats 8 96 1

case a cut segment out of order
new 1000
> 1010 "mn" cut 8
> 1020 "op"
> 1000 "abcdefghij"
= data "abcdefghij"
= data "mn"
= gap 8
= data "op"

case nothing of the segment was captured
new 1000
> 1000 "" cut 10
= gap 10
> 1010 "a"
= data "a"

case too much waits behind a hole
new 1000
> 10001 *65000
> 75001 *65000
> 140001 *65000
> 205001 *65000
> 270001 *65000
= gap 9001
= data *65000
= data *65000
= data *65000
= data *65000
= data *65000
= stats 325000 9001 0
