internal import Crypto
import Files
import Images
import Reports

extension Shard {
  /// `3/16`: the third of sixteen; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let of = parts[1] else { return nil }
    self.init(number: number, of: of)
  }

  /// Whether an image is this shard's: by the first eight bytes of the SHA-256 of its path, the most significant first, modulo
  /// the number of shards. So anyone can tell, and a path stays where it is whatever else is there.
  ///
  /// - Parameter path: as records have it, `FILE#index` in an IDX file.
  public func holds(_ path: FilePath) -> Bool {
    let number = SHA256.hash(data: path.bytes).prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    return number % UInt64(of) == UInt64(self.number - 1)
  }
}

extension ImageSource.Identity {
  /// What the image is known by on every machine that has the same file system: 96 bits of a hash of inode, size, times and
  /// index. The device is left out, as its number is a machine's own; the times tell files of two devices apart.
  func text(_ stamp: FileStamp) -> String {
    var packer = Packer()
    packer.add(Array(stamp.fields.dropFirst()))
    packer.add(index)
    return SHA256.hash(data: packer.bytes).prefix(12).hexadecimal
  }
}
