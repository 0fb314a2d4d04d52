// An echo server on Go's bufio: it flushes when no whole request is left in its buffer. Says its port.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
)

func echo(client net.Conn) {
	defer client.Close()
	reader, writer := bufio.NewReader(client), bufio.NewWriter(client)
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return
		}
		writer.Write(line)
		if reader.Buffered() == 0 && writer.Flush() != nil {
			return
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go echo(client)
	}
}
