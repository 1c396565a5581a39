# What the reader may answer.

case a body is skipped
new 1000
reader 4 10 0
> 1000 "head"
= data "head"
reader all 0 0
> 1004 "01234"
> 1009 "56789next"
= data "next"
= stats 18 0 0

case a skip within what is shown
new 1000
reader 2 3 0
> 1000 "h:bodh:bo"
= data "h:bodh:bo" 1 1
= data "h:bo" 1 1
reader all 0 0
> 1009 "dNEXT"
= data "NEXT"

case bytes of a skipped body need not come, nor in order
new 1000
reader all 1000 0
> 1000 "head"
= data "head"
reader all 0 0
> 1900 *50
> 1500 *200
! 1950
+ 5000
! 1950
> 2004 "next"
= data "next"
= stats 1008 0 0

case what waited within the skipped body is dropped
new 1000
reader all 100 0
> 1010 *10
> 1050 *60
> 1000 "head"
= data "head"
= data *6
fin

case a skip of more than sequence numbers can count
new 1000
reader all 10000000000 0
> 1000 "head"
= data "head"
reader all 0 0
# each within the window of the one before
> 500000000 *1000
> 1000000000 *1000
> 1500000000 *1000
> 2000000000 *1000
> 2500000000 *1000
> 3000000000 *1000
> 3500000000 *1000
> 4000000000 *1000
> 205032704 *1000
> 705032704 *1000
> 1205032704 *1000
> 1705032704 *1000
> 2205032704 *1000
> 2705032704 *1000
> 3205032704 *1000
> 3705032704 *1000
> 4205032704 *1000
> 410065408 *1000
> 910065408 *1000
> 1410066000 *416
= data *4
> 1410066416 "next"
= data "next"

case nothing more is wanted
new 1000
> 1005 "later"
reader all all 0
> 1000 "a"
= data "a"
= done
> 1001 "b"
! 2000
fin
= done

case nothing more is wanted after a gap
new 1000
> 1005 "later"
reader all all 0
fin
= gap 5
= done

case a reader that never consumes
new 1000
reader 0 0 0
> 1000 *60000
= data *60000
> 61000 *5000
= data *65000
> 66000 *5000
= gap 70000
> 71000 "on"
= data "on"
= stats 70002 0 0

case another reader sees what is held
new 1000
reader 0 0 1000
> 1000 "ab"
= data "ab"
> 1002 "cd"
reader all 0 0
resume
= data "abcd" 1 3
> 1004 "ef"
= data "ef"
