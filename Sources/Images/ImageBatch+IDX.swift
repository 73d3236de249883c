import Foundation

extension ImageBatch {
  /// The images as one IDX file: `[N, H, W]` gray or `[N, H, W, 3]` RGB bytes, as `IDXFile` reads it.
  public func idx() -> Data {
    let sizes = [count, shape.height, shape.width] + (shape.channels == 1 ? [] : [shape.channels])
    var file: [UInt8] = [0, 0, 8, UInt8(sizes.count)]
    for size in sizes { file += withUnsafeBytes(of: UInt32(size).bigEndian) { Array($0) } }
    return Data(file + pixels)
  }
}
