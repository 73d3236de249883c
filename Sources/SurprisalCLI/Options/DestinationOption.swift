import Foundation
import Surprisal

extension Destination {
  /// What an option names: a path, or `-` for standard output. To be made before any work, so that what cannot be
  /// written to is refused then.
  init(option path: FilePath) throws(DestinationError) {
    if path == FilePath("-") { self = .standardOutput } else { try self.init(path) }
  }

  /// Writes a picture as PNG.
  func write(_ picture: Bitmap) throws { try write(try picture.png()) }
}
