import Cache
internal import Crypto
import Files
import Foundation
import Images

/// What was found out of images before, and is to be found again: a cache, and a fingerprint of all that results depend on.
struct Recall: Sendable {
  private let cache: ResultCache
  private let fingerprint: String

  /// - Parameter asked: what results depend on beside the program.
  init(_ cache: ResultCache, _ asked: String) {
    self.cache = cache
    fingerprint = "\(asked) \(Program.fingerprint)"
  }

  /// What an image is made of: the hash that records tell, and of pixels their arrangement.
  static func content(of image: EncodedImage) -> Data {
    var packer = Packer()
    for side in image.arrangement { packer.add(side) }
    return Data(SHA256.hash(data: image.content)) + packer.data
  }

  /// The hash in a content, as `sha256sum` writes it.
  static func hash(in content: Data) -> String {
    content.prefix(SHA256.byteCount).map { String(format: "%02x", $0) }.joined()
  }

  private static func key(_ source: ImageSource) -> CacheKey {
    if case .indexed(let file, let index) = source { return CacheKey(file.path, index: index) }
    return CacheKey(source.path)
  }

  /// What is known of a file as it is now, without opening it.
  func find(_ source: ImageSource, _ stamp: FileStamp) -> ResultCache.Known? {
    cache.find(Self.key(source), stamp, under: fingerprint)
  }

  func note(_ source: ImageSource, _ stamp: FileStamp, holds content: Data) {
    cache.note(Self.key(source), stamp, holds: content)
  }

  func value(of content: Data) -> Data? { cache.value(of: content, under: fingerprint) }

  func keep(_ value: Data, of content: Data) { cache.keep(value, of: content, under: fingerprint) }

  func flush() { cache.flush() }

  /// What bytes say that were packed.
  ///
  /// - Throws: what does not come to pass: a checksum and the program's fingerprint vouch for them.
  static func unpacked<Value>(
    _ bytes: Data, _ body: (inout Unpacker) throws(Unpacker.Cut) -> Value
  ) throws(SurprisalError) -> Value {
    var unpacker = Unpacker(bytes)
    do throws(Unpacker.Cut) { return try body(&unpacker) } catch {
      throw .cannotRead(path: "cache", what: "a result of this program's")
    }
  }
}

extension [UInt8] {
  /// SHA-256, in hexadecimal.
  var sha256: String { SHA256.hash(data: self).hexadecimal }
}

extension SHA256.Digest {
  var hexadecimal: String { map { String(format: "%02x", $0) }.joined() }
}
