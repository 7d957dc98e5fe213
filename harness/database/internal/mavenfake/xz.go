package mavenfake

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// storeXZ wraps data in the xz format without compressing it: fast, and no
// program is needed. The format: https://tukaani.org/xz/xz-file-format.txt.
func storeXZ(data []byte) []byte {
	const flags = "\x00\x01" // each block is checked by CRC32
	var out bytes.Buffer
	out.WriteString("\xfd7zXZ\x00" + flags)
	out.Write(sum([]byte(flags)))

	// One block: its header (8 bytes and their checksum; the only filter is LZMA2
	// with a dictionary of 64 KiB), chunks that are stored, padding, checksum.
	header := []byte{0x02, 0x00, 0x21, 0x01, 0x08, 0x00, 0x00, 0x00}
	block := append(header, sum(header)...)
	body := chunks(data)
	unpadded := len(block) + len(body) + 4
	block = append(block, body...)
	block = append(block, make([]byte, -len(block)&3)...)
	block = append(block, sum(data)...)
	out.Write(block)

	index := []byte{0x00, 0x01} // one block
	index = binary.AppendUvarint(index, uint64(unpadded))
	index = binary.AppendUvarint(index, uint64(len(data)))
	index = append(index, make([]byte, -len(index)&3)...)
	index = append(index, sum(index)...)
	out.Write(index)

	footer := binary.LittleEndian.AppendUint32(nil, uint32(len(index)/4-1))
	footer = append(footer, flags...)
	out.Write(sum(footer))
	out.Write(footer)
	out.WriteString("YZ")
	return out.Bytes()
}

// chunks writes data as LZMA2 chunks of at most 64 KiB that are stored as they
// are; the first resets the dictionary.
func chunks(data []byte) []byte {
	var out []byte
	control := byte(0x01)
	for len(data) > 0 {
		n := min(len(data), 1<<16)
		out = append(out, control)
		out = binary.BigEndian.AppendUint16(out, uint16(n-1))
		out = append(out, data[:n]...)
		data, control = data[n:], 0x02
	}
	return append(out, 0x00)
}

func sum(data []byte) []byte {
	return binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
}
