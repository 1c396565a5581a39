# Streams whose beginning the capture has not.

case the first segment waits for one that precedes it
midstream
> 5000 "cd"
> 4998 "ab"
= data "ab" 2 2
= data "cd" 1 2
> 5002 "ef"
= data "ef"

case the next one
midstream
> 5000 "cd"
> 5002 "ef"
= data "cd" 1 2
= data "ef" 2 2

case an acknowledgement sets it free
midstream
> 5000 "cd"
! 5002
= data "cd" 1 2
> 4998 "ab"
= stats 2 0 1

case the end sets it free
midstream
> 5000 "cd"
fin
= data "cd" 1 2

case one long before is old
midstream
> 5000 "cd"
> 3000 "old"
= data "cd"
= stats 2 0 1

case nothing came
midstream
! 77
fin
= stats 0 0 0

case it wraps
midstream
> 1 "cd"
> 4294967295 "ab"
= data "ab"
= data "cd"

case then a hole
midstream
> 5000 "cd"
> 5010 "mn"
= data "cd"
! 5012
+ 1100
! 5012
= gap 8
= data "mn"
