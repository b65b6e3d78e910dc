"""Files that cannot be read or written: one error for each, whose remedy fits what the system said."""

from __future__ import annotations

import errno
from pathlib import Path

from pipeline.errors import InputError

_READ = {
    errno.ENOENT: "没有这个文件或文件夹: 核对路径与文件名, 有空格的路径请加引号",
    errno.EACCES: "没有读取权限: 请有权限的人把文件权限给你, 或复制到自己的文件夹再试",
    errno.EPERM: "没有读取权限: 请有权限的人把文件权限给你, 或复制到自己的文件夹再试",
    errno.EISDIR: "这是文件夹: 请给出其中的文件",
}
_WRITE = {
    errno.ENOENT: "输出的文件夹不存在: 先建好它, 或把 -o 指到已有的文件夹",
    errno.EACCES: "没有写入权限, 或文件正被 Excel、WPS 打开: 关掉它, 或把 -o 指到自己的文件夹",
    errno.EPERM: "没有写入权限, 或文件正被 Excel、WPS 打开: 关掉它, 或把 -o 指到自己的文件夹",
    errno.ENOSPC: "磁盘满了: 腾出空间, 或把 -o 指到别的盘",
    errno.EDQUOT: "磁盘配额用完了: 腾出空间, 或把 -o 指到别的盘",
    errno.EROFS: "这个盘只能读: 把 -o 指到能写的文件夹",
    errno.ENOTDIR: "路径中间有一段是文件而不是文件夹: 核对 -o",
    errno.EEXIST: "路径中间有一段是文件而不是文件夹: 核对 -o",
    errno.EISDIR: "这是文件夹: -o 后面写文件名",
    errno.ENAMETOOLONG: "文件名太长: 把 -o 的文件名改短",
}


def cannot_read(name: str, error: OSError | None = None, *, code: str = "FQ2002") -> InputError:
    """The error of a file that does not open. `name`: without its folders. Without `error`: it is not there."""
    remedy = _READ.get(error.errno or 0, "核对路径, 确认磁盘或共享文件夹还连着") if error is not None else _READ[errno.ENOENT]
    return InputError(code, "读不到文件", "cannot read the file", seen=name, remedy=remedy)


def cannot_write(code: str, name: str, error: OSError) -> InputError:
    """The error of a file that cannot be written."""
    return InputError(
        code, "写不了文件", "cannot write the file", seen=name, remedy=_WRITE.get(error.errno or 0, "确认磁盘还连着、没有满, 或把 -o 指到别的文件夹")
    )


def read_bytes(path: Path) -> bytes:
    """A file's bytes. Raises InputError FQ2002."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise cannot_read(path.name, error) from error
