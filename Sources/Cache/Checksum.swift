internal import Crypto
import Foundation

/// A sum over everything that a row says: SQLite keeps none, and a row that a bad disk has changed is no row.
struct Checksum {
  private var hash = SHA256()

  mutating func add(_ bytes: Data) {
    add(Int64(bytes.count))
    hash.update(data: bytes)
  }

  mutating func add(_ number: Int64) {
    withUnsafeBytes(of: number.littleEndian) { hash.update(bufferPointer: $0) }
  }

  var value: Int64 {
    hash.finalize().prefix(8).reduce(0) { $0 << 8 | Int64($1) }
  }

  static func result(_ fingerprint: String, _ content: Data, _ value: Data) -> Int64 {
    var sum = Checksum()
    sum.add(Data(fingerprint.utf8))
    sum.add(content)
    sum.add(value)
    return sum.value
  }

  static func file(_ path: Data, _ fields: [Int64], _ content: Data) -> Int64 {
    var sum = Checksum()
    sum.add(path)
    for field in fields { sum.add(field) }
    sum.add(content)
    return sum.value
  }
}
