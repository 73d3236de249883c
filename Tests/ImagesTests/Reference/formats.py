"""Files of formats/, and beside each what Pillow or plain arithmetic makes of it, as PNG.

    pip install pillow==13.0.0 numpy tifffile imagecodecs && python3 formats.py
"""
import os

import numpy as np
import tifffile
from PIL import Image, ImageOps

os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "formats"))
height, width = 23, 37
y, x = np.mgrid[0:height, 0:width]
# Smooth, so that lossy coders keep it, with an edge; all levels from 0 to 255.
wide = np.stack(
    [x * 65535 // (width - 1), y * 65535 // (height - 1), np.where(x + y < 30, 9000, 60000) + 40 * x], axis=2
).astype(np.uint16)
rgb = ((wide.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
gray16 = (wide[:, :, 0] // 2 + wide[:, :, 1] // 2).astype(np.uint16)
gray = ((gray16.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
alpha = (255 - 6 * x).astype(np.uint8)


def expect(name, pixels):
    Image.fromarray(pixels).save(f"{name}.png", optimize=True)


def over_white(pixels):
    colour, a = pixels[:, :, :3].astype(int), pixels[:, :, 3:].astype(int)
    return ((colour * a + 255 * (255 - a) + 127) // 255).astype(np.uint8)


def tiff(name, data, expected, **how):
    tifffile.imwrite(name, data, metadata=None, **how)
    expect(name, expected)


# TIFF, whose pixels are known without a decoder.
tiff("strips-lzw.tiff", rgb, rgb, photometric="rgb", compression="lzw", predictor=True, rowsperstrip=5)
tiff("tiles-deflate.tiff", rgb, rgb, photometric="rgb", compression="adobe_deflate", tile=(16, 16))
tiff("planes-16.tiff", wide.transpose(2, 0, 1), rgb, photometric="rgb", planarconfig="separate")
tiff("planes-tiles.tiff", rgb.transpose(2, 0, 1), rgb, photometric="rgb", planarconfig="separate", tile=(16, 16))
tiff("rgb-16-zstd.tiff", wide, rgb, photometric="rgb", compression="zstd", rowsperstrip=4)
tiff("gray-16-big-endian.tiff", gray16, gray, byteorder=">", photometric="minisblack", tile=(16, 32))
tiff("white-is-zero.tiff", 255 - gray, gray, photometric="miniswhite")
tiff("bigtiff.tiff", gray, gray, bigtiff=True, photometric="minisblack")
tiff("alpha.tiff", np.dstack([rgb, alpha]), over_white(np.dstack([rgb, alpha])), photometric="rgb", extrasamples=["unassalpha"])
multiplied = ((rgb.astype(int) * alpha[:, :, None] + 127) // 255).astype(np.uint8)
tiff("multiplied-alpha.tiff", np.dstack([multiplied, alpha]), over_white(np.dstack([rgb, alpha])), photometric="rgb", extrasamples=["assocalpha"])
tiff("more-samples.tiff", np.dstack([rgb, alpha, alpha]), rgb, photometric="rgb", extrasamples=["unspecified", "unspecified"])
with tifffile.TiffWriter("pages.tiff") as file:
    file.write(rgb, photometric="rgb", metadata=None)
    file.write(255 - rgb, photometric="rgb", metadata=None)
expect("pages.tiff", rgb)
turned = np.rot90(rgb)
tiff("orientation-6.tiff", turned, rgb, photometric="rgb", rowsperstrip=7, extratags=[(274, "H", 1, 6, True)])
bits = gray > 127
Image.fromarray(bits).save("fax.tiff", compression="group4")
expect("fax.tiff", bits.astype(np.uint8) * 255)
palette = Image.fromarray(rgb).quantize(16)
palette.save("palette.tiff")
expect("palette.tiff", np.array(palette.convert("RGB")))
# By Pillow's decoders, which are the same libraries.
picture = Image.fromarray(rgb)
cmyk = picture.convert("CMYK")
cmyk.save("cmyk.tiff", compression="tiff_lzw")
expect("cmyk.tiff", np.array(cmyk.convert("RGB")))
picture.save("ycbcr-jpeg.tiff", compression="jpeg", quality=90)
expect("ycbcr-jpeg.tiff", np.array(Image.open("ycbcr-jpeg.tiff").convert("RGB")))

# WebP and AVIF.
seen = Image.fromarray(np.dstack([rgb, alpha]))
exif = Image.Exif()
exif[274] = 6
for name, image, how in [
    ("lossy.webp", picture, dict(quality=70)),
    ("lossless.webp", picture, dict(lossless=True)),
    ("alpha.webp", seen, dict(quality=80)),
    ("orientation-6.webp", Image.fromarray(turned), dict(lossless=True, exif=exif)),
    ("lossy.avif", picture, dict(quality=80, subsampling="4:4:4")),
    ("alpha.avif", seen, dict(quality=80, subsampling="4:4:4")),
    ("orientation-6.avif", Image.fromarray(turned), dict(quality=80, subsampling="4:4:4", exif=exif)),
]:
    image.save(name, **how)
    back = ImageOps.exif_transpose(Image.open(name))
    expect(name, over_white(np.array(back)) if back.mode == "RGBA" else np.array(back))
picture.save("animated.webp", save_all=True, append_images=[ImageOps.invert(picture)], lossless=True, duration=100)
expect("animated.webp", rgb)

# BMP as Pillow writes it; the rest is made by the test.
for name, image in [("rgb.bmp", picture), ("gray.bmp", Image.fromarray(gray)), ("palette.bmp", palette), ("bits.bmp", Image.fromarray(bits))]:
    image.save(name)
    expect(name, np.array(image) if image.mode in "L" else np.array(image.convert("L" if image.mode == "1" else "RGB")))
# Of 32 bits without masks, whose fourth byte means nothing.
seen.save("alpha.bmp")
expect("alpha.bmp", rgb)
