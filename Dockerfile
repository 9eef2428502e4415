# Face Atlas with what it needs beyond one machine; the same image is app, worker and Ray node (compose.yaml).
FROM python:3.11-slim
WORKDIR /app
COPY requirements.txt requirements-cluster.txt ./
RUN pip install --no-cache-dir -r requirements.txt -r requirements-cluster.txt
COPY app.py ./
COPY .streamlit .streamlit
COPY core core
COPY pages pages
RUN useradd --create-home atlas && mkdir /data && chown atlas /data
USER atlas
VOLUME /data
EXPOSE 8501
