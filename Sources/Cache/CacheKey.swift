import Files
import Foundation

/// What the cache knows a place by: a file, or one image of a file.
package struct CacheKey: Hashable, Sendable {
  let bytes: Data

  /// - Parameter index: of an image in a file of many.
  package init(_ file: FilePath, index: Int? = nil) {
    bytes = Data(file.fromRoot.bytes + [0] + (index.map { "\($0)" } ?? "").utf8)
  }

  /// The file's path: what stands before the NUL, which no path holds.
  static func file(of bytes: Data) -> Data { Data(bytes.prefix { $0 != 0 }) }
}
