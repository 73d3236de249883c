internal import Crypto
import Images

/// Which images a model learned from: by them it cannot be tested, and their p-values are not those of new images.
///
/// A filter of 32 bits of each image's hash (SHA-256 of its pixels at the model's size): another image is taken for one of
/// 60 000 with probability 1.4e-5. Of more than 100 000, the 100 000 of the lowest hashes are kept.
struct LearnedImages: Sendable, Equatable {
  /// What an image took part in.
  enum Part: String, CaseIterable, Sendable {
    /// The network was trained on it.
    case trained
    /// It fitted statistics or set reference scores.
    case calibrated
  }

  private(set) var hashes: [Part: Set<UInt32>] = [:]

  static let most = 100_000

  static func hash(_ pixels: some Collection<UInt8>) -> UInt32 {
    var digest = SHA256()
    if pixels.withContiguousStorageIfAvailable({ digest.update(bufferPointer: UnsafeRawBufferPointer($0)) })
      == nil
    {
      digest.update(data: Array(pixels))
    }
    return digest.finalize().prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  /// - Parameter part: images already there as trained on stay so.
  mutating func add(_ images: ImageBatch, as part: Part) {
    add(images.indices.map { Self.hash(images.pixels(of: $0)) }, as: part)
  }

  /// - Parameter found: of images at a size that they are judged at.
  mutating func add(_ found: [UInt32], as part: Part) {
    var all = hashes[part, default: []].union(found)
    if part == .calibrated { all.subtract(hashes[.trained] ?? []) }
    hashes[part] = all.count > Self.most ? Set(all.sorted().prefix(Self.most)) : all
  }

  /// What another knows of a part.
  mutating func take(_ part: Part, of other: LearnedImages) { hashes[part] = other.hashes[part] }

  /// What the model learned from an image of its size; nil where it did not.
  func part(of image: Bitmap) -> Part? {
    guard !hashes.isEmpty else { return nil }
    let hash = Self.hash(image.pixels)
    return Part.allCases.first { hashes[$0]?.contains(hash) == true }
  }

  /// As a model file keeps them: each hash as its upper and its lower 16 bits, `[N, 2]`, ascending.
  func values(of part: Part) -> [Float] {
    (hashes[part] ?? []).sorted().flatMap { [Float($0 >> 16), Float($0 & 0xFFFF)] }
  }

  /// - Returns: why values are none that `values(of:)` gives, or nil.
  mutating func restore(_ values: [Float], of part: Part) -> String? {
    guard values.count % 2 == 0, values.count <= 2 * Self.most,
      values.allSatisfy({ $0 >= 0 && $0 <= 65535 && $0 == $0.rounded() })
    else { return "the images learned from are not what was written" }
    hashes[part] = Set(
      stride(from: 0, to: values.count, by: 2).map { UInt32(values[$0]) << 16 | UInt32(values[$0 + 1]) })
    return nil
  }
}
