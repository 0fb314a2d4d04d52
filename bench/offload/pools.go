// Calls of a function in another goroutine, by channels: one at a time, or 64 in flight. Prints ns per call.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

type call struct {
	n     int
	reply chan int
}

func run(calls chan call, width, total int) {
	var group sync.WaitGroup
	for w := 0; w < width; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			reply := make(chan int)
			for i := 0; i < total/width; i++ {
				calls <- call{i, reply}
				if <-reply != i+1 {
					panic("wrong")
				}
			}
		}()
	}
	group.Wait()
}

func main() {
	width, _ := strconv.Atoi(os.Args[1])
	total, _ := strconv.Atoi(os.Args[2])
	calls := make(chan call)
	for w := 0; w < 2; w++ {
		go func() {
			for c := range calls {
				c.reply <- c.n + 1
			}
		}()
	}
	run(calls, width, total/10)
	start := time.Now()
	run(calls, width, total)
	fmt.Println(float64(time.Since(start).Nanoseconds()) / float64(total))
}
